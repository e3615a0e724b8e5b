"""The people of a workspace: who they are, what they may do, and how they leave."""
