import { SetupError } from './setup-error.mjs';

const USAGE = 'Type: npm test, or node tools/test.mjs --project NAME [arguments of Jest]';

/**
 * Without arguments everything is checked; with `--project` only those tests run, with the arguments that follow.
 * @param {string[]} args
 */
export async function main(args) {
  const { projects, rest } = split(args);
  if (projects.length > 0) return (await import('./project-run.mjs')).runProjects(projects, rest);
  if (rest.length > 0) throw new SetupError(`npm test takes no arguments. ${USAGE}`);
  return (await import('./full-run.mjs')).runEverything();
}

function split(args) {
  const projects = [];
  const rest = [];
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--project' && args[i + 1]) projects.push(args[(i += 1)]);
    else if (args[i] !== '--') rest.push(args[i]);
  }
  return { projects, rest };
}
