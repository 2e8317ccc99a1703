import { createInProcessBus } from '#bus';
import type { Logger } from '#platform';
import { auditConfig } from '../../../audit/src/audit.config.js';
import { createAudit } from '../../../audit/src/audit.module.js';
import { connectorConfig } from '../../../connector/src/connector.config.js';
import { createConnector } from '../../../connector/src/connector.module.js';
import { feedbackConfig } from '../../../feedback/src/feedback.config.js';
import { createFeedback } from '../../../feedback/src/feedback.module.js';
import { gatewayConfig } from '../../../gateway/src/gateway.config.js';
import { createGateway } from '../../../gateway/src/gateway.module.js';
import { registryConfig } from '../../../registry/src/registry.config.js';
import { createRegistry } from '../../../registry/src/registry.module.js';
import { loadAgencies } from '../agencies/agencies.config.js';
import { createAgencies } from '../agencies/agencies.module.js';
import { timeAuthorityConfig } from '../time-authority/time-authority.config.js';
import { createTimeAuthorities } from '../time-authority/time-authority.module.js';
import type { FallbackPlan } from './fallback-plan.store.js';

interface Closable {
  close(): Promise<void>;
}

/**
 * A whole instance in this process, over a bus in its memory: the composition root of the sandbox without Java. Only
 * here does code of one app meet that of another, and only through the function that creates it.
 */
export async function createOneProcess(plan: FallbackPlan, logger: Logger): Promise<Closable> {
  const bus = createInProcessBus();
  /** In the order of starting; closed the other way round. */
  const started: Closable[] = [bus];
  const keep = async (running: Promise<Closable>) => void started.push(await running);
  const deps = (name: string) => ({ bus, logger: logger.child(name) });
  const close = async () => {
    for (const running of started.reverse()) await running.close();
  };
  try {
    await keep(createAgencies(loadAgencies(plan.agencies)));
    if (plan.timeAuthority !== undefined)
      await keep(createTimeAuthorities(timeAuthorityConfig.load(plan.timeAuthority)));
    // The registry makes the topics that all others look for.
    await keep(createRegistry(registryConfig.load(plan.registry), deps('registry')));
    await keep(createAudit(auditConfig.load(plan.audit), deps('audit')));
    await keep(createConnector(connectorConfig.load(plan.cn1), deps('cn1')));
    await keep(createConnector(connectorConfig.load(plan.cn2), deps('cn2')));
    await keep(createFeedback(feedbackConfig.load(plan.feedback), deps('feedback')));
    await keep(createGateway(gatewayConfig.load(plan.gateway), deps('gateway')));
    return { close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
