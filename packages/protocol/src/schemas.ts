/** zod schemas of what comes from outside: project files and HTTP bodies. Not for browser bundles. */
import { z } from 'zod';

export * from './cloud-schemas.ts';

export const projectConfigSchema = z.strictObject({
  backend: z
    .strictObject({
      dir: z.string().min(1).optional(),
      command: z.array(z.string().min(1)).min(1).optional(),
      health: z.string().startsWith('/').optional(),
      ignore: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  hosts: z.array(z.string().min(1)).optional(),
  domains: z.array(z.string().min(1)).optional(),
  plugins: z.record(z.string(), z.string().min(1)).optional(),
});
