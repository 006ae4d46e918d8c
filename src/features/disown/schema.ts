import { builder } from '../../schema/builder.ts'
import { guarded } from '../../schema/guarded.ts'
import { disownAlert } from './disown-alert.ts'

builder.mutationFields((t) => ({
  disownAlert: t.boolean({
    ...guarded('Mutation.disownAlert', { limit: 'disownAlert' }),
    description: `Redeems the link "This was not me" in an alert's mail, once, within seven days. It ends every session of the account, also those of whoever was warned of, forgets the devices that it knew, makes open sign-in links void, and removes the passkey, or the security questions, when the alert tells that they were added; a recovery or a fresh start that is under way is stopped. The session that asks, where it is the same account's, goes on with another cookie, and must prove itself anew. True; LINK_INVALID for a link that is unknown, used, or too old. Call it when a button is pressed, never when a page opens: mail scanners open pages.`,
    args: {
      token: t.arg.string({
        required: true,
        description: 'What stands behind the # of the link `/auth/not-me#...`: 43 characters.',
      }),
    },
    resolve: (_root, { token }, context) => disownAlert(context, token),
  }),
}))
