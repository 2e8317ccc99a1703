import type { SubsystemId } from '#kernel';

/** What a reader may see: its own exchanges; all metadata; the state of one exchange by its id. */
export type ReaderRole = 'member' | 'auditor' | 'help-desk';

/** Who asks, once its token is believed. */
export interface Reader {
  readonly id: SubsystemId;
  readonly role: ReaderRole;
}

/** Subsystems that the operator's settings name; the registry knows no such roles yet. */
export interface ReaderRoles {
  readonly auditors: readonly string[];
  readonly helpDesk: readonly string[];
}

/** Every other subsystem of the registry reads as a member. */
export function roleOf(id: SubsystemId, { auditors, helpDesk }: ReaderRoles): ReaderRole {
  if (auditors.includes(id)) return 'auditor';
  return helpDesk.includes(id) ? 'help-desk' : 'member';
}
