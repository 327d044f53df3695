/** The generator of random histories, by its old name. */
export { Dice } from './histories/dice.ts'
export { Maker } from './histories/maker.ts'
