/** A community node for XCord: discovery and relay for peers it cannot read. */
export {
  createBootstrapNode,
  type BootstrapNode,
  type BootstrapNodeInit,
  type NodeStatus
} from './bootstrap-node.ts'
export { type ConfigSources, loadConfig, type LoadedConfig, type SourcedValue } from './config.ts'
export { type HealthServer, openHealthServer } from './health-server.ts'
export type { LimitName, NodeConfig } from './config-schema.ts'
export { createNodeCommand, type NodeCommandDeps, processDeps, runNodeCommand } from './command.ts'
