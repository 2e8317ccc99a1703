import { defineErrors } from '#kernel';

export const loadErrors = defineErrors('load', {
  'bench-wrong-answer': {
    kind: 'broken',
    message: 'A benchmark met an answer that was not wanted',
    next: 'Read the logs of the processes under test: figures with errors in them mean nothing',
  },
  'bench-tool-failed': {
    kind: 'broken',
    message: 'A tool that the benchmark compares with failed',
    next: 'Run the command that the details name by hand',
  },
});
