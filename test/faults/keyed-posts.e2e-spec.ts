import { describe, expect, it } from '@jest/globals';
import { keyedPosts } from '../support/keyed-posts.js';

describe('keyed posts while things break', () => {
  it('happen exactly once, although the api is killed twice and its connections are cut twice', async () => {
    const found = await keyedPosts({ posts: 300, lanes: 8, kills: 2, cuts: 2 });
    expect(found.repeats).toBeGreaterThan(0);
    expect(found).toMatchObject({ notOnce: [], lost: [], changed: [] });
    expect(found.worst).toBeLessThan(500);
  });
});
