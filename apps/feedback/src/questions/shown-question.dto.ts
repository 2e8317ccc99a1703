import { ApiProperty } from '@nestjs/swagger';
import { ANSWER_CODES } from '#signing';
import type { ProvenLeaf } from '../access-history/proven-leaves.service.js';
import { QuestionStandingDto } from './questions.dto.js';
import type { QuestionEvidence, ShownAnswer, ShownQuestion } from './shown-question.js';

class ShownAnswerDto implements ShownAnswer {
  @ApiProperty({ example: 'YOUR_APPLICATION', description: `One of ${ANSWER_CODES.join(', ')}.` }) code: string;
  @ApiProperty({ required: false, example: 'Because of an application that you made' }) title?: string;
  @ApiProperty({ required: false, example: 'Your claim of 3 November.' }) text?: string;
}

class ProvenQuestionDto implements ProvenLeaf {
  @ApiProperty({ description: '`question.asked`: a compact JWS.' }) statement: string;
  @ApiProperty({ description: 'Its `.tlog-proof` (C2SP).' }) proof: string;
}

class ProvenAnswerDto implements ProvenLeaf {
  @ApiProperty({ description: '`question.answered`: a compact JWS.' }) statement: string;
  @ApiProperty({ description: 'Its `.tlog-proof` (C2SP).' }) proof: string;
  @ApiProperty({ description: 'base64url; `doc` is h1(salt, RFC 8785 form of {code, text}).' }) salt: string;
}

class QuestionEvidenceDto implements QuestionEvidence {
  @ApiProperty({ type: ProvenQuestionDto }) asked: ProvenQuestionDto;
  @ApiProperty({ required: false, type: ProvenAnswerDto }) answered?: ProvenAnswerDto;
}

/** The newest question about an access. */
export class ShownQuestionDto extends QuestionStandingDto implements ShownQuestion {
  @ApiProperty({ required: false, type: ShownAnswerDto }) answer?: ShownAnswerDto;
  @ApiProperty({
    required: false,
    type: QuestionEvidenceDto,
    description: 'With `proofs=true`, where the log shows it.',
  })
  evidence?: QuestionEvidenceDto;
}
