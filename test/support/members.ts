import { expect } from '@jest/globals';
import type { FieldRule } from '../../libs/platform/http/src/validation/field-rule.js';
import type { Answer, TestApi } from './api.js';
import { type Client, pathOf, type ProblemBody, type Store } from './client.js';
import { digestOf } from './digest.js';
import { bodyFor, idIn } from './examples.js';
import { type ApiRoute, isOperators } from './routes.js';

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly additionalProperties?: unknown;
}

/** Whether a spelling is a value that the API document allows for the member (for a list: for one of its elements). */
function isAllowed({ options, value }: FieldRule, json: string): boolean {
  const { minimum, maximum, minLength, maxLength, additionalProperties } = value.schema as Bounds;
  if (json === 'null') return options.nullable === true && !options.list;
  if (value.name === 'whole_number') {
    const isPlain = /^-?[1-9]\d*$/.test(json) && Number.isSafeInteger(Number(json));
    return isPlain && Number(json) >= Number(minimum) && Number(json) <= Number(maximum);
  }
  if (['""', '" "', '"\\u00a0"'].includes(json)) return minLength === 0;
  // A word for grades that stands for none.
  if (value.name === 'object' && json === '{"$ne":null}') return true;
  if (json.length > 10_000) return Number(maxLength) >= json.length - 2;
  return additionalProperties !== undefined && ['{"toString":"x"}', '{"$gt":""}'].includes(json);
}

/** Refused as a whole, or, where a call answers an outcome for each of its items, in each of them. */
function isRefused({ status, body }: { readonly status: number; readonly body: object }): boolean {
  if (status === 400 || status === 428) return true;
  // A document with rules of its own.
  if (status === 422) return Reflect.get(body, 'code') === 'freight.mapping_invalid';
  const outcomes = Object.values(body).flat() as { readonly outcome?: unknown }[];
  return status === 200 && outcomes.length > 0 && outcomes.every((item) => item?.outcome === 'failed');
}

/** The rule of a member of a route's body. */
export function ruleOf(route: ApiRoute, member: string): FieldRule {
  const rule = (route.body ?? []).find(([name]) => name === member)?.[1];
  if (!rule) throw new Error(`${route.name} has no member ${member}`);
  return rule;
}

/** Puts values into the members of bodies that the routes of an api take. */
export class Members {
  constructor(
    private readonly api: TestApi,
    private readonly client: Client,
    private readonly store: Store,
    private readonly writing: readonly ApiRoute[],
  ) {}

  readonly keyFor = (route: ApiRoute, of: Store = this.store): string =>
    isOperators(route) ? this.api.operatorToken : of.key;

  readonly digest = () => digestOf(this.api.database);

  readonly send = (route: ApiRoute, raw: string, of: Store = this.store): Promise<Answer<ProblemBody>> =>
    this.client.call(route.method, pathOf(route, idIn(of)), { key: this.keyFor(route, of), raw });

  /** A body of the route with one member's JSON put in by hand. */
  readonly withMember = (route: ApiRoute, member: string, json: string, of: Store = this.store): string => {
    const others = Object.entries(bodyFor(route, of) ?? {}).filter(([name]) => name !== member);
    return `{${[...others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), `${JSON.stringify(member)}:${json}`].join(',')}}`;
  };

  /** Members of all routes whose rule has one of these names. */
  readonly membersOf = (...rules: string[]): { label: string; route: ApiRoute; member: string; rule: string }[] =>
    this.writing.flatMap((route) =>
      (route.body ?? [])
        .filter(([, { value }]) => rules.includes(value.name))
        .map(([member, { value }]) => ({ label: `${member} of ${route.name}`, route, member, rule: value.name })),
    );

  /** Sends one member, or the one element of a list, in several spellings and answers those that were not refused. */
  readonly accepted = async (route: ApiRoute, member: string, spellings: readonly string[]): Promise<string[]> => {
    const before = await this.digest();
    const rule = ruleOf(route, member);
    const wrong = spellings.filter((json) => !isAllowed(rule, json));
    const answers = await Promise.all(
      wrong.map(async (json) => {
        const raw = this.withMember(route, member, rule.options.list ? `[${json}]` : json);
        return { json, ...(await this.send(route, raw)) };
      }),
    );
    expect(await this.digest()).toEqual(before);
    return answers.filter((answer) => !isRefused(answer)).map(({ json, status }) => `${json.slice(0, 60)}: ${status}`);
  };
}
