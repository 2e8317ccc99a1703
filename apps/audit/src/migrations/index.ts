import { Log1795300000001 } from './0001-log.js';
import { Anchors1796000000002 } from './0002-anchors.js';
import { Windows1796200000005 } from './0005-windows.js';

/** In the order in which they run. */
export const migrations = [Log1795300000001, Anchors1796000000002, Windows1796200000005];
