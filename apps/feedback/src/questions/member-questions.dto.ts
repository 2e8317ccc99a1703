import { ApiProperty } from '@nestjs/swagger';
import { ANSWER_CODES, type AnswerCode } from '#signing';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import type { MemberQuestion, MemberQuestionsPage } from './answers.service.js';
import { QuestionStandingDto } from './questions.dto.js';
import { IsQuestionText } from './question-text.dto.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const LISTED = ['open', 'overdue'] as const;

export class QuestionPath {
  @ApiProperty({ format: 'uuid', example: '019ac1a4-7a3c-7000-8000-000000000001' })
  @Matches(UUID, { message: 'id must be that of a question' })
  id: string;
}

export class OpenQuestionsQuery {
  @ApiProperty({ enum: LISTED, description: '`open`: all without an answer; `overdue`: those whose term has ended.' })
  @IsIn(LISTED)
  state: (typeof LISTED)[number];

  @ApiProperty({ required: false, example: '100', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;

  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @Matches(UUID, { message: 'after must be one that came with a page' })
  after?: string;
}

export class MemberQuestionDto extends QuestionStandingDto implements MemberQuestion {
  @ApiProperty({ example: 'DEMO/GOV/1000/mygov', description: '`from` of the answer’s statement.' }) portal: string;
  @ApiProperty({ required: false, description: 'Thumbprint of the sealing key for which it is sealed.' }) kid?: string;
  @ApiProperty({ required: false, description: 'What was asked, base64url; absent once it is answered.' })
  sealed?: string;
}

export class MemberQuestionsPageDto implements MemberQuestionsPage {
  @ApiProperty({ type: [MemberQuestionDto], description: 'The oldest first.' }) questions: MemberQuestionDto[];
  @ApiProperty({ required: false, description: '`after` of the next page; absent on the last.' }) next?: string;
}

class AnswerDto {
  @ApiProperty({ enum: ANSWER_CODES })
  @IsIn(ANSWER_CODES)
  code: AnswerCode;

  @IsQuestionText('In the person’s language, if you can.', 'Your claim of 3 November.')
  text?: string;
}

export class AnswerBody {
  @ApiProperty({ description: '`question.answered` as a compact JWS, signed by a published key of the subsystem.' })
  @MaxLength(8_192)
  @Matches(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, { message: 'statement must be a compact JWS' })
  statement: string;

  @ApiProperty({ type: AnswerDto, description: '`doc` of the statement is h1(salt, its RFC 8785 form).' })
  @IsDefined()
  @ValidateNested()
  @Type(() => AnswerDto)
  answer: AnswerDto;

  @ApiProperty({ example: 'x4cNPSRmZ1n0rZrLq2R7bmxqJmF9dYHnVh1cQ2uXw9o', description: '32 random bytes, base64url.' })
  @Matches(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, { message: 'salt must be 32 bytes in base64url' })
  salt: string;
}
