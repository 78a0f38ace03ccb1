/**
 * Names each step with the time it took, as it ends.
 * @param {(line: string) => void} [print]
 */
export function createSteps(print = console.log) {
  const startedAt = performance.now();
  const times = [];
  return {
    /**
     * @template T
     * @param {string} name short, for the list of times
     * @param {(title: (text: string) => void) => Promise<T> | T} work may set a fuller title for its line
     * @param {string} [patience] printed at once, for what takes long
     * @returns {Promise<T>}
     */
    async run(name, work, patience) {
      if (patience) print(`  … ${patience}`);
      let title = name;
      const from = performance.now();
      const result = await work((text) => (title = text));
      const ms = performance.now() - from;
      times.push({ name, ms });
      print(`  ✓ ${title.padEnd(60)} ${seconds(ms)}`);
      return result;
    },

    /** @returns {string} the sum, and the steps that make it up */
    summary() {
      const parts = times.filter(({ ms }) => ms >= 10).map(({ name, ms }) => `${name} ${seconds(ms)}`);
      return `ready in ${seconds(performance.now() - startedAt)} (${parts.join(', ')})`;
    },
  };
}

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1_000).toFixed(2)} s`;
