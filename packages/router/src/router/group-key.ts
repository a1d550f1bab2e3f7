/** How a group is named between routers and nodes: the id of the broadcast's target as text. */
export const groupKey = (low: number, high: number): string => `${high}:${low}`;
