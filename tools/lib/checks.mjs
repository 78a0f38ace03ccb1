const typescript = ['node_modules/tsc7/bin/tsc', '--noEmit', '--incremental', 'false', '-p', 'tsconfig.json'];
const eslint = ['node_modules/eslint/bin/eslint.js'];
const prettier = ['node_modules/prettier/bin/prettier.cjs', '--check'];
const cruiser = ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.cjs'];

/** Checks that only read the sources: the program, and what it is given to check everything. */
export const CHECKS = {
  types: { title: 'type check', program: typescript, everything: [] },
  lint: { title: 'lint', program: eslint, everything: ['.'] },
  format: { title: 'format', program: prettier, everything: ['.'] },
  boundaries: { title: 'import boundaries', program: cruiser, everything: ['apps', 'libs'] },
};
