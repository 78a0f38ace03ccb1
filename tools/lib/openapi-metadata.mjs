import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PluginMetadataGenerator } from '@nestjs/cli/lib/compiler/plugins/plugin-metadata-generator.js';
import { ReadonlyVisitor } from '@nestjs/swagger/plugin';
import ts from 'typescript';
import { inRoot, root } from './paths.mjs';

const [folder] = process.argv.slice(2);

/**
 * Reads the sources with the compiler's eyes and writes what the OpenAPI document takes from them: `metadata.mjs`, which the
 * swagger plugin fills with types and comments of members and methods, and `classes.json`: comments of classes and the order of
 * their members. Neither goes into the sources or into `dist`: a build without the compiler would keep a stale one.
 */
function main() {
  const program = ReadonlyVisitor.createTsProgram(inRoot('apps/api/tsconfig.app.json'));
  const options = pluginOptions();
  new PluginMetadataGenerator().generate({
    tsProgramRef: program,
    visitors: [new ReadonlyVisitor({ ...options, pathToSource: root })],
    outputDir: folder,
    filename: 'metadata.mjs',
  });
  importFromBuild(join(folder, 'metadata.mjs'));
  const suffixes = [...options.dtoFileNameSuffix, ...options.controllerFileNameSuffix];
  writeFileSync(join(folder, 'classes.json'), JSON.stringify(classesOf(program, suffixes)));
}

/** The options stand once, where the Nest CLI reads them too. */
function pluginOptions() {
  const { compilerOptions } = JSON.parse(readFileSync(inRoot('nest-cli.json'), 'utf8'));
  return compilerOptions.plugins.find(({ name }) => name === '@nestjs/swagger').options;
}

/** The generator writes imports of sources; the document is made with the built classes. */
function importFromBuild(path) {
  const build = pathToFileURL(inRoot('dist')).href;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"\.\/(apps|libs)\//g, `"${build}/$1/`));
}

function classesOf(program, suffixes) {
  const checker = program.getTypeChecker();
  const classes = program
    .getSourceFiles()
    .filter(({ fileName }) => suffixes.some((suffix) => fileName.endsWith(suffix)))
    .flatMap((file) => file.statements.filter((statement) => ts.isClassDeclaration(statement) && statement.name))
    .map(({ name }) => checker.getSymbolAtLocation(name));
  return Object.fromEntries(
    classes.map((symbol) => {
      const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
      return [symbol.name, { comment, members: membersOf(symbol, checker) }];
    }),
  );
}

/** Names of members as they stand in the source, those of the base class first. */
function membersOf(symbol, checker) {
  const bases = checker.getBaseTypes(checker.getDeclaredTypeOfSymbol(symbol)) ?? [];
  const inherited = bases.flatMap((base) => (base.symbol ? membersOf(base.symbol, checker) : []));
  const own = [...(symbol.members?.values() ?? [])].filter(({ flags }) => flags & ts.SymbolFlags.Property);
  return [...inherited, ...own.map(({ name }) => name)];
}

main();
