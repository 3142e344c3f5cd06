export const LINEAGE_MESSAGES = {
  LINEAGE_W0001: 'the lineage event {event} could not be told to {where}: {reason}',
} as const;
