import { defineErrors } from '#kernel';

export const applyErrors = defineErrors('registry-apply', {
  'definition-refused': {
    kind: 'invalid',
    status: 422,
    message: 'The definition cannot be applied; nothing was changed.',
    next: 'Correct every problem that is listed, at its line and column, and apply again.',
  },
  'definition-outrun': {
    kind: 'conflict',
    message: 'Another definition was applied at the same time; this one was not.',
    next: 'Look at what changed (kerege apply --dry-run), then apply again.',
  },
  'officers-registered': {
    kind: 'refused',
    message: 'This registry has officers: a change needs one who asks for it and another who approves it.',
    next: 'Sign in (kerege login) and ask for the change; docs/operations/changes.md.',
  },
  'instance-foreign': {
    kind: 'refused',
    message: 'This registry keeps another instance.',
    next: 'Send the definition to the registry of the instance that it names.',
  },
});
