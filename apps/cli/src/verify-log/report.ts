import type { Listed } from './case-book.js';
import type { Finding } from './findings.js';

/** What was checked, and what was found. Leaves without sequel, astray sequels and conflicts are facts, not faults. */
export interface LogReport {
  readonly verified: boolean;
  readonly origin: string;
  readonly size: number;
  /** base64. */
  readonly root: string;
  /** Leaves that were read this time. */
  readonly leavesRead: number;
  /** Size of the checkpoint from which this verification went on; 0: from the first leaf. */
  readonly resumedFrom: number;
  /** Trees seen elsewhere or before that the log was found to contain. */
  readonly continues: readonly { readonly name: string; readonly size: number }[];
  /** Whether statements were judged, or only the tree. */
  readonly treeOnly: boolean;
  readonly signatures: number;
  /** Statements by type, of the leaves read. */
  readonly statements: Readonly<Record<string, number>>;
  readonly snapshots: number;
  /** Origins of the windows before and after, as the leaves read this time name them; empty if none does. */
  readonly follows: string;
  readonly followedBy: string;
  /** Stated by audit among the leaves read. */
  readonly conflicts: Listed;
  readonly requestsWithoutSequel: Listed;
  readonly sequelsWithoutRequest: Listed;
  /** Signature lines of the checkpoint by keys that `trust.json` does not name. */
  readonly unknownSignatureLines: number;
  /** Of a folder: files that lie beyond the checkpoint, about which it says nothing. */
  readonly filesBeyond: number;
  /** Memory that the tables of slots and exchanges take. */
  readonly tableBytes: number;
  readonly findingCount: number;
  /** The first hundred. */
  readonly findings: readonly Finding[];
}
