/* The registry's list: one line a method. Adding a method is its file and a line here. */
EST_METHOD(mse)
EST_METHOD(trend)
EST_METHOD(two_list)
EST_METHOD(sample_coverage)
EST_METHOD(heterogeneity)
EST_METHOD(decomposable)
EST_METHOD(linkage)
EST_METHOD(patterns)
