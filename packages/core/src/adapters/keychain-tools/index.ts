/** The operating system's keychain through the program that the system brings for it. */
export { systemKeychain, type SystemKeychainOptions } from './system-keychain.ts'
