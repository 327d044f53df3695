/** Suite 1 for Node (CR7). */
export { createNodeSuite } from './node-suite.ts'
