import { describe, expect, it } from '@jest/globals';
import { keyedPosts } from '../support/keyed-posts.js';

describe('keyed posts while things break, for long', () => {
  it('happen exactly once through 20 kills and 40 cuts', async () => {
    const found = await keyedPosts({ posts: 6_000, lanes: 16, kills: 20, cuts: 40 });
    expect(found.repeats).toBeGreaterThan(0);
    expect(found).toMatchObject({ notOnce: [], lost: [], changed: [] });
    expect(found.worst).toBeLessThan(500);
  }, 300_000);
});
