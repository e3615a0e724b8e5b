"""What somebody in a hurry writes: every migration but two breaks the code of before."""
