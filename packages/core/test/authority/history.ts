/** The generator of random histories, by its old name. */
export { Dice } from './histories/dice.ts'
export { makeHistory, Maker } from './histories/maker.ts'
