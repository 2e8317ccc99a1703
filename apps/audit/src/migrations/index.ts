import { Log1795300000001 } from './0001-log.js';
import { Anchors1796000000002 } from './0002-anchors.js';
import { Guards1796100000003 } from './0003-guards.js';
import { Reading1796200000004 } from './0004-reading.js';
import { Windows1796300000005 } from './0005-windows.js';

/** In the order in which they run. */
export const migrations = [
  Log1795300000001,
  Anchors1796000000002,
  Guards1796100000003,
  Reading1796200000004,
  Windows1796300000005,
];
