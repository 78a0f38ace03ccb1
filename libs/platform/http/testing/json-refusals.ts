import { DomainError } from '#platform/kernel';
import { DEFAULT_JSON_LIMITS, scanJson } from '../src/body/json-scanner.js';

/** Why a text is refused; undefined where it passes. */
export function refusalOf(text: string, limits = DEFAULT_JSON_LIMITS): DomainError | undefined {
  try {
    scanJson(text, limits);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** The code of the refusal. */
export const codeOf = (text: string) => refusalOf(text)?.code;
