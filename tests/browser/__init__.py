"""The portal as people use it: a real platform, and Chromium in front of it."""
