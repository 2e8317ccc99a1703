export { CLOCKS, type ClockCommand, type ClockKind } from './clock-command.js';
export {
  isOutlineOf,
  outlineOf,
  type ContentOutline,
  type EvidenceOutline,
  type ItemOutline,
} from './content/content-outline.js';
export {
  MEDIA_TYPES,
  MOST_CONTENT_BYTES,
  readContent,
  type Attachment,
  type ContentFlaw,
  type ContentItem,
  type CorrectionContent,
} from './content/correction-content.js';
export { valueHash } from './content/value-hash.js';
export { readPublicNumber, spellPublicNumber, type PublicNumber } from './public-number.js';
