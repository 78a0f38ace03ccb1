import { declareErrors } from '#platform/kernel';

/** What inventory refuses, with the code that callers may rely on. */
export const inventoryErrors = declareErrors('inventory', {
  not_enough_stock: {
    problem: 'conflict',
    when: 'There are fewer free units than asked for; `shortages` names every item with what is asked for and what is left.',
  },
  item_transition: {
    problem: 'invalid-transition',
    when: "The item's status does not allow the command; `currentState` and `allowed` say what is possible.",
  },
  reservation_transition: {
    problem: 'invalid-transition',
    when: "The reservation's state does not allow the command; `currentState` and `allowed` say what is possible.",
  },
  hold_expired: {
    problem: 'conflict',
    when: 'The hold has expired and its stock is free for others: hold it again.',
  },
  hold_extended: { problem: 'conflict', when: 'A hold can be extended once, and this one has been.' },
  quarantined: {
    problem: 'conflict',
    when: 'The item is quarantined until `holdUntil`; it cannot be released before.',
  },
  hold_until_in_past: { problem: 'validation-failed', when: 'The end of a quarantine does not lie in the future.' },
  reserved: {
    problem: 'conflict',
    when: 'The units are held or allocated; `reserved` says how many. Release the reservations first.',
  },
  price_cause: {
    problem: 'validation-failed',
    when: 'The version of a policy is named without the rule that has set the price.',
  },
  needs_grading: { problem: 'conflict', when: 'A single copy is not for sale before it is graded.' },
  needs_price: { problem: 'conflict', when: 'An item is not for sale before it has a price.' },
  single_quantity: {
    problem: 'validation-failed',
    when: 'A single copy has a quantity of 1 (or 0 when it is gone); more of the same are further items or a pool.',
  },
  zero_adjustment: { problem: 'validation-failed', when: 'An adjustment is by 0 units.' },
  nothing_reserved: {
    problem: 'reference-not-found',
    when: 'The reservation has no line of the item that the call names.',
  },
  sold: {
    problem: 'conflict',
    when: 'The single copy has been sold: it comes back by a return under its reservation, not by counting.',
  },
  quantity_out_of_range: {
    problem: 'unprocessable',
    when: 'The item would have less than 0 or more than 1,000,000,000 units.',
  },
  code_taken: { problem: 'duplicate', when: 'Another item has this code.' },
  sku_taken: { problem: 'duplicate', when: 'Another item has this SKU.' },
  key_taken: { problem: 'duplicate', when: 'Another call is receiving the same copy at the same time: repeat.' },
  release_not_found: { problem: 'reference-not-found', when: 'The catalogue has no such release.' },
  release_archived: {
    problem: 'unprocessable',
    when: 'The release is archived: restore it, or use another one.',
  },
  location_not_found: { problem: 'reference-not-found', when: 'There is no such location.' },
  item_not_found: { problem: 'reference-not-found', when: 'There is no such stock item.' },
  location_closed: { problem: 'conflict', when: 'The location is closed: nothing can be put there.' },
  location_not_empty: { problem: 'conflict', when: 'The location still has stock: transfer it first.' },
  location_is_default: { problem: 'conflict', when: 'The default location stays open.' },
  location_name_taken: { problem: 'duplicate', when: 'Another open location has this name.' },
  same_location: { problem: 'validation-failed', when: 'A transfer goes from one location to another.' },
  not_there: { problem: 'unprocessable', when: 'The item has no stock at the location.' },
  too_many_units: {
    problem: 'unprocessable',
    when: 'More units are released or returned than the reservation has of the item; `there` says how many it has.',
  },
  invalid_item: { problem: 'validation-failed', when: 'A member of an item of a bulk call is not acceptable.' },
  duplicate_in_request: { problem: 'validation-failed', when: 'Two items of a bulk call are the same thing.' },
  version_stale: { problem: 'precondition-failed', when: 'The item has another version than the call names.' },
  version_required: {
    problem: 'precondition-required',
    when: 'Prices are changed in bulk without the versions whose prices were seen.',
  },
  value_too_large: { problem: 'unprocessable', when: 'The value of the stock is beyond what an amount can hold.' },
});
