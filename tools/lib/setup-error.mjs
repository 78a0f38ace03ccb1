/** Something a person can put right: shown as its one line, without a stack. */
export class SetupError extends Error {
  /**
   * @param {string} message what is missing and what to type
   * @param {string} [detail] output of the tool that failed, shown below the line
   */
  constructor(message, detail) {
    super(message);
    this.name = 'SetupError';
    this.detail = detail;
  }
}

/** Refusals of the system that need no stack to be understood. */
const MACHINE = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'not permitted',
  EPERM: 'not permitted',
};

/**
 * Prints what went wrong and remembers that the run failed.
 * @param {unknown} error
 */
export function reportFailure(error) {
  process.exitCode = 1;
  const ofTheMachine = MACHINE[error?.code];
  if (!(error instanceof SetupError) && !ofTheMachine) {
    console.error(error);
    return;
  }
  console.error(`  ✗ ${ofTheMachine ? `${ofTheMachine}: ` : ''}${error.message}`);
  if (error.detail) console.error(indent(error.detail));
}

/** @param {string} text */
export const indent = (text) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
