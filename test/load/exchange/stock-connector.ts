import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { Pool } from 'undici';
import { STOCK_PATTERN, type StockAnswer } from './stock-pattern.js';

const [brokers = '', agencyUrl = ''] = process.argv.slice(2);
const agency = new Pool(agencyUrl, { connections: 256 });

/** `@MessagePattern` in, HTTP to the agency, its answer back. */
@Controller()
class AgencyController {
  @MessagePattern(STOCK_PATTERN)
  async call(@Payload() { target }: { target: string }): Promise<StockAnswer> {
    // `/r1/<instance>/<class>/<member>/<subsystem>/<service>/…` → `/<service>/…`
    const path = `/${target.split('/').slice(6).join('/')}`;
    const { statusCode, headers, body } = await agency.request({ method: 'GET', path });
    return {
      status: statusCode,
      headers: { 'content-type': String(headers['content-type']) },
      body: await body.text(),
    };
  }
}

@Module({ controllers: [AgencyController] })
class StockConnectorModule {}

const app = await NestFactory.createMicroservice(StockConnectorModule, {
  transport: Transport.KAFKA,
  options: {
    client: { brokers: brokers.split(','), clientId: 'stock-connector' },
    consumer: { groupId: 'stock-connector' },
  },
  logger: ['error'],
});
await app.listen();
process.stdout.write('ready\n');
