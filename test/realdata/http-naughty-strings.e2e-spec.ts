import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { formatId, parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { Client, logFaults, makeStore, pathOf, PATIENT, type ProblemBody, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { SHARED_DATA } from '../support/project.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const FILE = join(SHARED_DATA, 'hostile/blns.json');
const AT_ONCE = 8;
const SHARES = 16;

if (!existsSync(FILE)) {
  it('naughty strings are not sent over HTTP: ../shared/data is not beside the project', () =>
    expect(existsSync(FILE)).toBe(false));
} else {
  const strings = JSON.parse(readFileSync(FILE, 'utf8')) as string[];
  const folded = strings.map((text) => text.normalize('NFKC').toLowerCase().trim());
  /** Strings that another one of the list equals, its case and blanks aside. */
  const twins = new Set(
    strings.filter((_, at) => folded.indexOf(folded[at] ?? '') !== folded.lastIndexOf(folded[at] ?? '')),
  );

  const api = await startTestApi(PATIENT);
  const client = new Client(api.url);
  const store = await makeStore(api);
  const routes = routesOf(api);

  describe('the Big List of Naughty Strings over HTTP', () => {
    afterAll(() => api.close());

    const keyFor = (route: ApiRoute, of: Store = store): string => (isOperators(route) ? api.operatorToken : of.key);

    function send(
      route: ApiRoute,
      members: readonly (readonly [string, unknown])[],
      of: Store = store,
    ): Promise<Answer<ProblemBody>> {
      const body = { ...bodyFor(route, of), ...Object.fromEntries(members) };
      return client.call(route.method, pathOf(route, idIn(of)), { key: keyFor(route, of), body });
    }

    const refusedMembers = ({ errors = [] }: ProblemBody): string[] => [
      ...new Set(errors.map(({ pointer }) => pointer.split('/')[1] ?? '')),
    ];

    /** Does something with strings, some at a time, and gathers what it finds odd. */
    async function odd(
      look: (text: string, at: number) => Promise<string | undefined>,
      among: readonly (readonly [number, string])[] = [...strings.entries()],
    ): Promise<string[]> {
      const found: string[] = [];
      const waiting = among.values();
      const lane = async (): Promise<void> => {
        for (const [at, text] of waiting) {
          const trouble = await look(text, at);
          if (trouble !== undefined) found.push(`${at} ${JSON.stringify(text).slice(0, 80)}: ${trouble}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return found;
    }

    /** Routes with the members of their bodies that have one of these rules. */
    const routesWith = (...rules: string[]) =>
      routes
        .filter(writes)
        .map((route) => ({ route, members: (route.body ?? []).filter(([, { value }]) => rules.includes(value.name)) }))
        .filter(({ members }) => members.length > 0);

    /** Commands whose answer shows the item, not what the command was given; what they take is read like any other text. */
    const TELLS_NOTHING =
      /inventory\/(?:(?:adjustments|prices)\/bulk|reservations|items\/:id\/(?:adjust|price|quarantine|withdraw|write-off))$/;
    const texts = routesWith('text', 'note').filter(({ route }) => !TELLS_NOTHING.test(route.path));

    it('is sent to the routes that take a text, those of keys and stores among them', () => {
      expect(texts.map(({ route }) => route.name)).toEqual(
        expect.arrayContaining(['POST /api/v1/api-keys', 'POST /api/v1/platform/tenants/:id/suspend']),
      );
    });

    /** All to the routes of keys and stores; of the others each gets its share, since one reader reads for all of them. */
    function shareOf({ path }: ApiRoute, at: number): readonly (readonly [number, string])[] {
      const isWhole =
        process.env['EVERY_STRING'] !== undefined || /^\/api\/v1\/(?:api-keys|platform\/tenants)/.test(path);
      return [...strings.entries()].filter(([index]) => isWhole || index % SHARES === at % SHARES);
    }

    it.each(texts.map((entry, at) => ({ ...entry, name: entry.route.name, share: shareOf(entry.route, at) })))(
      'comes back from $name as it was sent, or is refused with 400',
      async ({ route, members, share }) => {
        const names = members.map(([name]) => name);
        // What a route before has named would stand in the way of the same names.
        const [own, probed] = [await makeStore(api), await makeStore(api, 'Probed')];
        const spare = route.name.endsWith('/suspend') ? await spareStores() : undefined;
        // Of what there is nothing here, there is nothing that could keep a text.
        const isThere = (await send(route, [], probed)).status !== 404;
        const trouble = await odd(async (text, at) => {
          const store = spare?.[at] ?? own;
          const all = await send(route, withText(names, text), store);
          const told = `${all.status} ${all.text.slice(0, 200)}`;
          if (!isThere) return [400, 404].includes(all.status) ? undefined : told;
          if (all.status < 300) return kept(all.body, names, text);
          // Names that differ in their case alone are one name.
          if (all.body.type === 'urn:recrate:problem:duplicate' && twins.has(text)) return undefined;
          // A control character ends the reading of the whole body.
          if (all.status === 400 && all.body.code === 'http.unsafe_text') return undefined;
          // Some members take less than others: what was not refused is sent again without the rest.
          const refused = refusedMembers(all.body);
          const rest = names.filter((name) => !refused.includes(name));
          if (all.status !== 400 || rest.length === names.length) return told;
          if (rest.length === 0) return undefined;
          const again = await send(route, withText(rest, text), store);
          return again.status < 300 ? kept(again.body, rest, text) : `${again.status} ${again.text.slice(0, 200)}`;
        }, share);
        expect(trouble).toEqual([]);
      },
    );

    const withText = (names: readonly string[], text: string) => names.map((name) => [name, text] as const);

    /** What is odd about an answer that should hold a text under these names, or at least somewhere. */
    function kept(body: object, names: readonly string[], text: string): string | undefined {
      const told = Object.entries(body);
      const changed = told.filter(([name, value]) => names.includes(name) && value !== text);
      if (changed.length === 0 && told.some(([, value]) => value === text)) return undefined;
      return JSON.stringify(body).slice(0, 200);
    }

    it('stands in the tables and in the audit log as it was sent', async () => {
      const stored = await api.database.admin<{ text: string }>(
        `select distinct name as text from identity.tenant union select name from identity.api_key
          union select details->>'name' from identity.audit_entry union select suspended_reason from identity.tenant`,
      );
      const known = new Set(stored.map(({ text }) => text));
      const clean = strings.filter(
        (text) => text.trim() !== '' && !/[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u.test(text) && [...text].length <= 100,
      );
      expect(clean.length).toBeGreaterThan(450);
      expect(clean.filter((text) => !known.has(text))).toEqual([]);
    });

    it('is refused everywhere where no free text is taken, and changes nothing', async () => {
      const before = await digestOf(api.database);
      for (const [at, { route, members }] of routesWith('one_of', 'instant', 'address', 'origin', 'id').entries()) {
        const names = members.map(([name]) => name).sort();
        const trouble = await odd(
          async (text) => {
            const values = members.map(([name, { options }]) => [name, options.list ? [text] : text] as const);
            const { status, body } = await send(route, values);
            // A control character ends the reading of the whole body.
            const isRefused = body.code === 'http.unsafe_text' || refusedMembers(body).sort().join() === names.join();
            return status === 400 && isRefused ? undefined : `${status} of ${names.join()}`;
          },
          shareOf(route, at),
        );
        expect([route.name, trouble]).toEqual([route.name, []]);
      }
      expect(await digestOf(api.database)).toEqual(before);
    });

    it('as the name of a member is refused, where a body is taken and where none is', async () => {
      const before = await digestOf(api.database);
      const names = ['POST /api/v1/api-keys', 'POST /api/v1/api-keys/:id/revoke'];
      for (const route of routes.filter(({ name }) => names.includes(name))) {
        const known = (route.body ?? []).map(([member]) => member);
        const trouble = await odd(async (text) => {
          if (known.includes(text)) return undefined;
          const { status } = await send(route, [[text, 'x']]);
          return status === 400 ? undefined : String(status);
        });
        expect([route.name, trouble]).toEqual([route.name, []]);
      }
      expect(await digestOf(api.database)).toEqual(before);
    });

    it('in a search finds what holds it, and in any other parameter is refused', async () => {
      const lists = routes.filter(({ query }) => query.length > 0);
      for (const [at, route] of lists.entries()) {
        for (const name of route.query.filter(
          (parameter) => parameter === 'search' || parameter === 'sort' || parameter === 'cursor',
        )) {
          const trouble = await odd(
            async (text) => {
              const path = `${pathOf(route, idIn(store))}?limit=1&${name}=${encodeURIComponent(text)}`;
              const { status, body } = await client.call<{ data?: { name?: string }[] }>('GET', path, {
                key: keyFor(route),
              });
              if (status === 400) return undefined;
              return status === 200 &&
                name === 'search' &&
                body.data?.every((row) => row.name === undefined || row.name.toLowerCase().includes(text.toLowerCase()))
                ? undefined
                : `${status} ${JSON.stringify(body).slice(0, 100)}`;
            },
            shareOf(route, at),
          );
          expect([route.name, name, trouble]).toEqual([route.name, name, []]);
        }
      }
    });

    it('met nothing but results and well-formed refusals, and left a clean log', () => {
      expect(client.faults).toEqual([]);
      expect(logFaults(api.logs, [store.key.slice(25), api.operatorToken])).toEqual([]);
    });

    /** One store per string, for what can be done to a store only once. */
    async function spareStores(): Promise<Store[]> {
      const copies = await api.database.admin<{ id: string }>(
        `insert into identity.tenant select copy.* from identity.tenant t, generate_series(1, $1::int) as n, jsonb_populate_record(
           t, jsonb_build_object('tenant_id', md5(n::text)::uuid, 'name', 'spare')) as copy where t.tenant_id = $2
         returning tenant_id as id`,
        [strings.length, parseId('tenant', store.tenantId)],
      );
      return copies.map(({ id }) => ({ ...store, tenantId: formatId('tenant', id) }));
    }
  });
}
