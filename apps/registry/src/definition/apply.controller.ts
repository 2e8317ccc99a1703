import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags, ApiUnprocessableEntityResponse } from '@nestjs/swagger';
import { LoopbackGuard } from '../ops/loopback.guard.js';
import { ApplyAnswerDto, ApplyDto, type ApplyAnswer } from './apply.dto.js';
import { ApplyService } from './apply.service.js';

@ApiTags('administration')
@Controller('v1/apply')
@UseGuards(LoopbackGuard)
export class ApplyController {
  constructor(private readonly service: ApplyService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ operationId: 'apply', summary: 'Make the registry hold exactly what a definition says; idempotent.' })
  @ApiOkResponse({ type: ApplyAnswerDto })
  @ApiUnprocessableEntityResponse({
    description: 'Problem document with `problems`: code, line, column, path, message.',
  })
  apply(@Body() body: ApplyDto): Promise<ApplyAnswer> {
    return this.service.apply(body);
  }
}
