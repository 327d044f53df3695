/** What a state shows, by its old name. */
export { dump } from './histories/plain.ts'
