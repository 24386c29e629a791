import { createHmac } from 'node:crypto';

/** As MLflow's receivers check it: `v1,` and the base64 of an HMAC-SHA256 over id, time and body. */
export const signatureOf = (secret: string, deliveryId: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${deliveryId}.${timestamp}.${body}`).digest('base64')}`;
