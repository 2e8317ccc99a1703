import { nominatesNeeded, parseTarget, type Target, type TargetReason } from '#access';
import { ok, refuse, type Result } from '#kernel';
import type { ExchangeContext, HeaderField } from '../exchange/exchange.js';
import { parseContext, type ContextReason } from './context.js';

/** What a call says before its body, whether it came on the wire or as a part of a composition. */
export interface CallHead {
  readonly method: string;
  /** Raw, as it arrived. */
  readonly target: string;
  /** As they arrived, unfiltered. */
  readonly headers: readonly HeaderField[];
}

export interface ParsedHead {
  readonly target: Target;
  readonly context: ExchangeContext;
}

export type HeadReason = 'method-unsupported' | 'headers-too-large' | 'http-malformed' | TargetReason | ContextReason;

/** `exchange.md` §2.1. */
export const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'] as const;

/** Reads and judges the head of a call; says nothing of rights. */
export function parseHead(head: CallHead, maxHeaderBytes: number): Result<ParsedHead, HeadReason> {
  const { method, headers } = head;
  if (!METHODS.some((known) => known === method)) return refuse('method-unsupported');
  if (headBytes(head) > maxHeaderBytes) return refuse('headers-too-large');
  if (nominatesNeeded(headers)) return refuse('http-malformed');
  const target = parseTarget(head.target);
  if (!target.ok) return target;
  const context = parseContext(headers);
  return context.ok ? ok({ target: target.value, context: context.value }) : context;
}

/** About what request line and headers take on the wire. */
function headBytes({ target, headers }: CallHead): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + value.length + 4, target.length + 16);
}
