import { declareErrors } from '#platform/kernel';

/** What the catalogue refuses, with the code that callers may rely on. */
export const catalogErrors = declareErrors('catalog', {
  invalid_release: {
    problem: 'validation-failed',
    when: 'A value of a release in a bulk request is not acceptable; `field` points to it. The other releases go in.',
  },
  title_missing: {
    problem: 'validation-failed',
    when: 'A release that is new to the source has no title: the one thing that every release needs.',
  },
  duplicate_in_request: {
    problem: 'duplicate',
    when: 'The same external id stands in a bulk request twice; only the first is looked at.',
  },
  external_id_taken: {
    problem: 'duplicate',
    when: 'Another release has this external id; `releaseId` names it. Merge the two, or send another id.',
  },
  release_archived: {
    problem: 'invalid-transition',
    when: 'The release is archived: restore it before it is changed.',
  },
  release_merged: {
    problem: 'invalid-transition',
    when: 'The release was merged into another, which `mergedInto` names: use that one.',
  },
  merge_with_itself: { problem: 'unprocessable', when: 'A release cannot be merged into itself.' },
  category_name_taken: {
    problem: 'duplicate',
    when: 'A category in the same place of the tree has this name already, in whatever case or spelling of Unicode.',
  },
  category_not_empty: {
    problem: 'conflict',
    when: 'The category has categories below it or releases in it: `categories` and `releases` say how many. Move them first.',
  },
  category_cycle: {
    problem: 'conflict',
    when: 'A category cannot be moved below itself or below one that is below it.',
  },
  category_too_deep: { problem: 'conflict', when: 'The tree would become deeper than 8 levels.' },
  too_many_categories: { problem: 'conflict', when: 'The store has 5,000 categories: remove some, or merge them.' },
  category_unknown: {
    problem: 'reference-not-found',
    when: 'The body names a category that the store does not have.',
  },
  release_unknown: {
    problem: 'reference-not-found',
    when: 'The body names a release that the store does not have.',
  },
});
