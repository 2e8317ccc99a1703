import { defineErrors } from '#kernel';

export const testingErrors = defineErrors('testing', {
  'never-happened': {
    kind: 'broken',
    message: 'What the test waits for did not happen in time',
    next: 'Look at the cause: it is what the last attempt found',
  },
  'not-built': {
    kind: 'broken',
    message: 'The app has not been built',
    next: 'Run npm run build first',
  },
  'no-services': {
    kind: 'broken',
    message: 'There is no database or broker here',
    next: 'Only integration and system specs have them: name the file *.integration-spec.ts',
  },
});

/** Repeats an attempt until it neither throws nor answers `undefined` or `false`, and returns its answer. */
export async function eventually<Answer>(
  attempt: () => Answer | Promise<Answer>,
  { timeoutMs = 10_000, intervalMs = 20 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Exclude<NonNullable<Answer>, false>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await attempt();
      if (answer !== undefined && answer !== null && answer !== false)
        return answer as Exclude<NonNullable<Answer>, false>;
    } catch (failure) {
      cause = failure;
    }
    if (Date.now() >= deadline)
      throw testingErrors.error('never-happened', {
        cause,
        details: { timeoutMs, last: cause instanceof Error ? cause.message : undefined },
      });
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
