#!/bin/sh
# Child labour by SDG 8.7.1, in all and by residence, from an invented survey in the shape of Kenya's. The codebook says what the
# columns of the file mean.
est indicator child-labour dataset:kenya_child_labour_synthetic --codebook kenya-child-labour-synthetic --by residence
