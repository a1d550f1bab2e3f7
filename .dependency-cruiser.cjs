// The arrows of the house. Everything that is not listed is forbidden; tests, benches, e2e and scripts may import anything.
const allowed = {
  core: [],
  protocol: [],
  compiler: ['core', 'protocol'],
  runtime: ['core', 'protocol'],
  tunnel: ['core', 'protocol'],
  sdk: ['core', 'protocol'],
  router: ['core', 'protocol'],
  store: ['core', 'protocol'],
  simulator: ['core', 'protocol', 'runtime', 'compiler'],
  cloud: ['core', 'protocol', 'tunnel', 'store', 'router', 'compiler', 'simulator'],
  cli: ['core', 'protocol', 'cloud', 'compiler', 'simulator', 'store', 'router'],
  testkit: ['core', 'protocol'],
};
const rules = Object.entries(allowed).map(([name, targets]) => ({
  name: `arrows-of-${name}`,
  comment: `${name} may import only: ${['itself', ...targets].join(', ')}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^(packages|apps)/', pathNot: [name, ...targets].map((t) => `^packages/${t}/`) },
}));
module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'arrows-of-console',
      severity: 'error',
      from: { path: '^apps/console/src/' },
      to: { path: '^packages/', pathNot: '^packages/(sdk|protocol)/' },
    },
    {
      name: 'browser-has-no-node',
      comment: 'Browser code imports no node: module',
      severity: 'error',
      from: { path: '^(packages/runtime/src|packages/simulator/src/phone|apps/console/src)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'browser-has-no-server-code',
      severity: 'error',
      from: { path: '^(packages/runtime/src|packages/simulator/src/phone|apps/console/src)/' },
      to: {
        path: '^packages/(simulator/src/server|core/src/(child|drain|files|hold-file)|protocol/src/schemas)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'service-half-without-host-half',
      comment: 'What runs in the Worker knows nothing of the host page; they meet in the contract of the domain',
      severity: 'error',
      from: { path: '^packages/runtime/src/(service/|wx/[^/]+/service)' },
      to: { path: '^packages/runtime/src/(native/|wx/[^/]+/host)' },
    },
    {
      name: 'host-half-without-service-half',
      severity: 'error',
      from: { path: '^packages/runtime/src/(native/|wx/[^/]+/host)' },
      to: { path: '^packages/runtime/src/(service/|wx/[^/]+/service)' },
    },
    {
      name: 'shared-by-both-halves',
      comment: 'Schemas, contracts and what else both halves of a domain use import neither half',
      severity: 'error',
      from: { path: '^packages/runtime/src/wx/([^/]+\\.ts$|[^/]+/(?!service|host))' },
      to: { path: '^packages/runtime/src/(service/|native/|wx/[^/]+/(service|host))' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|fixtures)/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.node.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
