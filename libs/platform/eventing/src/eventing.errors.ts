import { declareErrors } from '#platform/kernel';

export const eventingErrors = declareErrors('eventing', {
  version_clash: {
    problem: 'conflict',
    when: 'Others changed the same thing again and again while the request was being carried out.',
  },
  stream_changed: {
    problem: 'precondition-failed',
    when: 'The thing has another version than the request expects.',
  },
  stream_missing: { problem: 'not-found', when: 'There is no history of such a thing.' },
  stream_closed: { problem: 'conflict', when: 'The thing has been archived: nothing can happen to it any more.' },
  feed_unavailable: {
    problem: 'dependency-unavailable',
    when: 'how far the feed is complete cannot be found out: the database does not answer',
  },
  outcome_unknown: {
    problem: 'dependency-unavailable',
    when: 'The database went away while events were being written: they may or may not be there.',
  },
});
