/** Which context may import which. Whoever runs a process imports; whoever is the resource is imported. */
const mayImport = {
  identity: [],
  files: [],
  registry: [],
  catalog: [],
  payments: [],
  shipping: [],
  market: ['catalog'],
  pricing: ['catalog', 'market', 'inventory'],
  submissions: ['catalog', 'pricing', 'inventory', 'payments', 'files'],
  inventory: ['catalog'],
  orders: ['inventory', 'payments', 'shipping'],
  checkout: ['inventory', 'pricing', 'shipping', 'payments', 'orders'],
  storefront: ['catalog', 'inventory', 'pricing'],
  freight: ['catalog', 'inventory', 'orders', 'files'],
  billing: ['identity', 'payments'],
  community: ['orders'],
  notifications: '*',
  analytics: '*',
  agents: '*',
};

const edges = Object.entries(mayImport)
  .filter(([, to]) => to !== '*')
  .map(([context, to]) => ({
    name: `edges-of-${context}`,
    severity: 'error',
    from: { path: `^libs/${context}/` },
    to: { path: '^libs/(?!platform/)', pathNot: `^libs/(${[context, ...to].join('|')})/` },
  }));

/** The platform's own order, lowest first: a lib may import those before it. */
const PLATFORM = ['kernel', 'config', 'telemetry', 'health', 'persistence', 'eventing', 'jobs', 'http'];
const layers = PLATFORM.map((lib, index) => ({
  name: `platform-layer-of-${lib}`,
  severity: 'error',
  from: { path: `^libs/platform/${lib}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: `^libs/platform/(${PLATFORM.slice(index + 1).join('|') || 'none'})/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'public-surface',
      severity: 'error',
      from: { path: '^(?:libs/(?:platform/)?|apps/)([^/]+)/' },
      to: {
        path: '^libs/(?:platform/)?[^/]+/src/',
        pathNot: ['^libs/(?:platform/)?[^/]+/src/index\\.ts$', '^libs/(?:platform/)?$1/'],
      },
    },
    {
      name: 'platform-knows-no-context',
      severity: 'error',
      from: { path: '^libs/platform/' },
      to: { path: '^libs/(?!platform/)' },
    },
    {
      name: 'pure-domain',
      severity: 'error',
      from: { path: '/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['/domain/', '^libs/platform/kernel/'] },
    },
    {
      name: 'kernel-without-frameworks',
      severity: 'error',
      from: { path: '^libs/platform/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules', dependencyTypesNot: ['core'] },
    },
    { name: 'apps-are-leaves', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    ...layers,
    ...edges,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Without `source` the aliases lead into dist/ and a cycle between libs passes as clean.
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
