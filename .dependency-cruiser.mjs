/**
 * Import direction, generated from packages/core/layers.json: the architecture as one ordered list.
 * `import type` counts as much as any other import. The reasons are in docs/adr/0004-layer-rules-by-machine.md.
 */
import { readFileSync } from 'node:fs'

const layers = JSON.parse(readFileSync(new URL('./packages/core/layers.json', import.meta.url), 'utf8'))
const names = layers.map(({ layer }) => layer)

const CORE = '^packages/core/src/'
/** Tests, the contract suites that adapters' tests run, and the processes that tests start. */
const TEST = '(\\.(test|contract|fixture)\\.tsx?$|^packages/[^/]+/test/|^examples/[^/]+/test/)'
const BUILTIN = ['core']
/** Byte helpers without state or I/O: no layer owns them, all of core may use them. */
const SHARED = ['uint8arrays']

const escape = text => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const anyOf = list => (list.length === 0 ? '(?!)' : `(?:${list.join('|')})`)
const inside = (...list) => `${CORE}${anyOf(list.map(escape))}/`
/** "cborg" is that package, "@libp2p/*" the whole scope. */
const packagePath = name =>
  `(?:^|/)node_modules/${name.endsWith('/*') ? escape(name.slice(0, -1)) : `${escape(name)}/`}`
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

function checkList() {
  for (const [index, { layer, knows }] of layers.entries()) {
    const late = knows.filter(name => !names.slice(0, index).includes(name))
    if (late.length > 0)
      throw new Error(`layers.json: ${layer} may know earlier layers only, not ${late.join(', ')}`)
  }
}
checkList()

function layerRules({ layer, knows, owns }) {
  const strangers = names.filter(name => name !== layer && !knows.includes(name))
  return [
    forbid(
      `${layer} knows its list`,
      `${layer} may import ${knows.length === 0 ? 'no other layer' : knows.join(', ')}: move the code, or pass the value in.`,
      { path: inside(layer), pathNot: TEST },
      { path: inside(...strangers) }
    ),
    forbid(
      `${layer} owns its packages`,
      `${layer} may use ${[...owns, ...SHARED].join(', ')} and no other package: see "owns" in layers.json.`,
      { path: inside(layer), pathNot: TEST },
      {
        path: 'node_modules/',
        pathNot: [...owns, ...SHARED].map(packagePath).concat('(?:^|/)node_modules/@types/')
      }
    )
  ]
}

const inward = layers
  .filter(({ adapter, layer }) => adapter !== true && layer !== 'testing')
  .map(({ layer }) => layer)
const adapters = layers.filter(({ adapter }) => adapter === true).map(({ layer }) => layer)
const blind = ['authority', 'e2ee', 'timeline', 'node', 'testing']
const ownedOnly = [...new Set(layers.filter(({ layer }) => layer !== 'testing').flatMap(({ owns }) => owns))]

const architecture = [
  forbid(
    'front doors only',
    "Import another layer by its index.ts; add what you need to that layer's public face.",
    { path: `${CORE}(adapters/[^/]+|[^/]+)/` },
    {
      path: CORE,
      pathNot: [
        `${CORE}$1/`,
        // A layer that runs on both platforms has a door for pages beside its own.
        `${CORE}(?:adapters/[^/]+|[^/]+)/(?:index|browser)\\.ts$`,
        `${CORE}index\\.ts$`,
        // Suites and fixtures are opened by tests alone: "tests stay tests".
        '\\.(contract|fixture)\\.ts$'
      ]
    }
  ),
  forbid(
    'front doors only, between packages',
    'Import another package by its name and an entry of its exports map; end-to-end tests that break things look inside, and suites run in pages.',
    {
      path: '^(packages|examples)/([^/]+)/',
      pathNot: ['\\.fixture\\.ts$', '/test/(?:e2e|browser)/', '^examples/[^/]+/test/']
    },
    { path: '^packages/[^/]+/', pathNot: ['^$1/$2/', '/(?:index|browser)\\.tsx?$', 'package\\.json$'] }
  ),
  forbid(
    'the root of core stays inward',
    'packages/core/src/index.ts re-exports layers, never adapters or testing: it must load in any runtime.',
    { path: `${CORE}index\\.ts$` },
    { path: inside('adapters', 'testing') }
  ),
  forbid(
    'layers do not import the root of core',
    'The root is a door for other packages; inside core it would tie every layer to every other.',
    { path: `${CORE}[^/]+/` },
    { path: `${CORE}index\\.ts$` }
  ),
  forbid(
    'no Node built-in outside adapters',
    'Only adapters touch the operating system; take a port (Clock, Random, Timers, a contract) instead.',
    { path: [inside(...inward), `${CORE}index\\.ts$`], pathNot: TEST },
    { dependencyTypes: BUILTIN }
  ),
  forbid(
    'no Node built-in in the common SDK',
    'Node-only parts of the SDK live in packages/sdk/src/node, src/platform and src/testing; the rest runs in browsers.',
    { path: '^packages/sdk/src/', pathNot: [TEST, '^packages/sdk/src/(node|platform|testing)/'] },
    { dependencyTypes: BUILTIN }
  ),
  forbid(
    'testing is for tests',
    'Production code never loads the test kit.',
    {
      path: '^(packages|examples)/[^/]+/(src|bin)/',
      pathNot: [TEST, inside('testing'), '^packages/sdk/src/testing/']
    },
    { path: inside('testing') }
  ),
  forbid(
    'adapters are chosen at the edge',
    'Only the SDK, the bootstrap node and tests choose adapters.',
    { path: '^(packages/cli/(src|bin)|examples/[^/]+)/', pathNot: TEST },
    { path: inside(...adapters) }
  ),
  forbid(
    'bootstrap-node stays blind',
    'A node that cannot import what reads content cannot leak it.',
    { path: '^packages/bootstrap-node/(src|bin)/' },
    { path: [inside(...blind), `${CORE}index\\.ts$`, '^packages/(sdk|cli)/'] }
  ),
  forbid(
    'cli speaks through the SDK',
    'The command line uses @xcord/sdk and @xcord/bootstrap-node; of core only its root and base.',
    { path: '^packages/cli/(src|bin)/', pathNot: TEST },
    { path: CORE, pathNot: [inside('base'), `${CORE}index\\.ts$`] }
  ),
  forbid(
    'packages flow one way: core',
    'core knows no other package of ours.',
    { path: '^packages/core/' },
    { path: '^packages/(sdk|bootstrap-node|cli)/' }
  ),
  forbid(
    'packages flow one way: sdk',
    'sdk knows core only; its end-to-end tests start a real node.',
    { path: '^packages/sdk/', pathNot: '^packages/sdk/test/e2e/' },
    { path: '^packages/(bootstrap-node|cli)/' }
  ),
  forbid(
    'what an adapter owns stays there',
    'Use the contract the adapter fulfils; the package itself has one home.',
    { path: '^(packages/(sdk|cli)/(src|bin)|examples/[^/]+)/', pathNot: TEST },
    { path: ownedOnly.map(packagePath) }
  ),
  forbid(
    'bootstrap-node owns two libp2p services',
    'autonat-v2 and prometheus-metrics; everything else of libp2p stays behind adapters/libp2p.',
    { path: '^packages/bootstrap-node/(src|bin)/', pathNot: TEST },
    {
      path: ownedOnly.map(packagePath),
      pathNot: ['@libp2p/autonat-v2', '@libp2p/prometheus-metrics'].map(packagePath)
    }
  ),
  forbid(
    'discord.js only in tests',
    'It is the oracle of the permission test, not a part of XCord.',
    { pathNot: TEST },
    { path: packagePath('discord.js') }
  ),
  forbid(
    'no cycles in pure layers',
    'A cycle has no lowest part, not even one of types: name the shared piece and put it below both.',
    { path: inside(...layers.filter(({ pure }) => pure === true).map(({ layer }) => layer)) },
    { circular: true }
  ),
  forbid(
    'no cycles at run time',
    'Objects may name each other as types; what runs needs an order: pass the value in, or use import type.',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
  ),
  forbid(
    'everything resolves',
    'The import names a file or package that is not there.',
    { path: '^(packages|examples)/' },
    { couldNotResolve: true }
  ),
  forbid(
    'tests stay tests',
    'Production code does not import a test file; the scripts that write vectors may.',
    { pathNot: [...[TEST].flat(), '/scripts/'] },
    { path: '\\.(test|contract|fixture)\\.tsx?$' }
  )
]

export default {
  forbidden: [...layers.flatMap(layerRules), ...architecture],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['xcord-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types']
    },
    skipAnalysisNotInRules: true
  }
}
