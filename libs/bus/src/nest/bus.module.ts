import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '../bus.js';

/** Injection token of the process's one bus: `@Inject(BUS) private readonly bus: Bus`. */
export const BUS = Symbol('Bus');

/** Hands an open bus to every module. Who opened it closes it, after the app: handlers may still publish while they end. */
@Module({})
export class BusModule {
  static of(bus: Bus): DynamicModule {
    return { module: BusModule, global: true, providers: [{ provide: BUS, useValue: bus }], exports: [BUS] };
  }
}
