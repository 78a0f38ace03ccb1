import { type ProblemName } from './problems.js';

/** One wrong value in a request: where (JSON pointer, or the parameter's name), a stable code, and words. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** More members of the problem answer, such as `currentState`. `errors` is cut to 20 by the http lib. */
export interface ProblemMembers {
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly [member: string]: unknown;
}

/** A refusal that a caller can do something about. It becomes a problem answer once, in the http lib. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  /**
   * @param problem type of the answer
   * @param code stable `<context>.<name>`, from `declareErrors`
   * @param message says what is wrong and the next step; shown to the caller
   */
  constructor(
    readonly problem: ProblemName,
    readonly code: string,
    message: string,
    readonly members: ProblemMembers = {},
  ) {
    super(message);
  }
}

/** What a context says of one of its codes. */
export interface ErrorDeclaration {
  readonly problem: ProblemName;
  /** One sentence for the documentation: when this code is answered. */
  readonly when: string;
}

const registry = new Map<string, ErrorDeclaration>();

/** Every declared code, for docs and tests. Only codes of loaded libs are in it. */
export function declaredErrors(): ReadonlyMap<string, ErrorDeclaration> {
  return registry;
}

type Thrower = (message: string, members?: ProblemMembers) => DomainError;

/**
 * Declares a context's error codes and returns one function per code that makes the error to throw.
 * @throws Error when a code is declared twice
 */
export function declareErrors<K extends string>(
  context: string,
  declarations: Record<K, ErrorDeclaration>,
): Record<K, Thrower> {
  const entries = Object.entries<ErrorDeclaration>(declarations).map(([name, declaration]): [string, Thrower] => {
    const code = `${context}.${name}`;
    if (registry.has(code)) throw new Error(`error code ${code} is declared twice`);
    registry.set(code, declaration);
    return [name, (message, members) => new DomainError(declaration.problem, code, message, members)];
  });
  return Object.fromEntries(entries) as Record<K, Thrower>;
}
