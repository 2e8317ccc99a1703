import { ok, refuse, type Result } from '#kernel';
import { instanceDefinition, type InstanceDefinition } from './definition-schema.js';
import { inFileOrder, readPlacedYaml } from './placed-yaml.js';
import { danglingReferences, type Path } from './references.js';

/** One thing wrong in a definition, with the place where an editor should jump to. Lines and columns count from 1. */
export interface Problem {
  readonly code: 'yaml-syntax' | 'definition-invalid' | 'definition-dangling' | 'definition-duplicate';
  readonly line: number;
  readonly column: number;
  /** `members[1].subsystems[0].code` */
  readonly path: string;
  readonly message: string;
}

const MAX_PROBLEMS = 100;

/** Parses and checks a whole definition; on refusal every problem found (≤ 100), in the order of the file. */
export function parseInstanceDefinition(text: string): Result<InstanceDefinition, readonly Problem[]> {
  const yaml = readPlacedYaml(text);
  if (!yaml.ok)
    return refuse(yaml.reason.slice(0, MAX_PROBLEMS).map((problem) => ({ code: 'yaml-syntax', ...problem })));
  const at = (code: Problem['code'], path: Path, message: string): Problem => ({
    code,
    ...yaml.value.placeOf(path),
    message,
  });
  const parsed = instanceDefinition.safeParse(yaml.value.value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => at('definition-invalid', issue.path as Path, issue.message));
    return refuse(inFileOrder(problems, MAX_PROBLEMS));
  }
  const dangling = danglingReferences(parsed.data);
  if (dangling.length === 0) return ok(parsed.data);
  const problems = dangling.map((finding) => at(finding.code, finding.path, finding.message));
  return refuse(inFileOrder(problems, MAX_PROBLEMS));
}
