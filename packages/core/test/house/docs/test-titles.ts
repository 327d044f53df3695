/** Tests and the rules that their titles name. */
import { listFiles, readText } from '../repository.ts'

/** Paths of all test files. */
export const tests = listFiles('packages').filter(path => /\.test\.tsx?$/.test(path))
const sources = new Map(tests.map(path => [path, readText(path)]))

/** Whether a title in a file names a rule. */
export const namesRule = (path: string, rule: string): boolean =>
  new RegExp(`['"\`]\\[[^\\n]*(?<=[[ ])${rule}(?=[\\],])`).test(sources.get(path) ?? '')

/** The paths of tests in cells of a table. */
export const pathsIn = (cells: string): readonly string[] =>
  [...cells.matchAll(/`([^`]+)`/g)].map(([, path]) => `packages/${path as string}`)
