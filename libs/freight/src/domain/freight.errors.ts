import { declareErrors } from '#platform/kernel';

/** What Freight refuses, with the code that callers may rely on. */
export const freightErrors = declareErrors('freight', {
  job_transition: {
    problem: 'invalid-transition',
    when: "The job's state does not allow the command; `currentState` and `allowed` say what is possible.",
  },
  batch_transition: {
    problem: 'invalid-transition',
    when: "The batch's state does not allow the command; `currentState` says where it stands.",
  },
  dead_letter_transition: {
    problem: 'invalid-transition',
    when: 'The dead letter is no longer open; `currentState` says what became of it.',
  },
  nothing_to_retry: {
    problem: 'conflict',
    when: 'The job has no failed record and no batch that gave up, of those asked for.',
  },
  not_planned: {
    problem: 'conflict',
    when: 'The job ended before its records were known; start it again as a new job.',
  },
  mapping_invalid: {
    problem: 'validation-failed',
    when: 'The mapping, or words for grades, cannot be used; `errors` says where.',
  },
  upload_not_found: { problem: 'reference-not-found', when: 'The source names an upload that is not there.' },
  upload_not_complete: { problem: 'conflict', when: 'The upload that the source names has not arrived in full.' },
  location_not_found: { problem: 'reference-not-found', when: 'The location for the stock is not there.' },
  location_closed: { problem: 'conflict', when: 'The location for the stock is closed.' },
  too_many_jobs: { problem: 'quota-exceeded', when: 'The store has as many unfinished jobs as it may have.' },
});
